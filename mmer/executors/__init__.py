"""Room ``executors``: where items of work are done. A component is an ``mmer.types.executor.Executor``.

====================  ================================================================================
``serial``            this process, one item after the other
``processes``         processes of this machine, one per core or per GPU
``dask_local``        a Dask cluster on this machine: to try what a cluster would do
``dask_address``      the workers of a Dask scheduler that runs somewhere
``slurm``, ``pbs``    workers that are submitted as jobs, by dask-jobqueue
====================  ================================================================================

Nobody else imports Dask, and no file here imports it before it is asked to do something. What a task computes does not
depend on its executor, so the choice is no part of an experiment: DVC does not track it, no cache key holds it.
"""
