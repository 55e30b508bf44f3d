"""Tuning: Optuna, nested inside the training subjects. The only room that imports it.

A search draws trials; a trial is a tuple of Hydra overrides; its score is pooled over inner folds that are cut from
training subjects alone. What is trained and on whom is not decided here: ``worker.work`` is handed a function that
trains, and sees results only.

    space        what may vary (yaml) -> overrides of a trial
    parameter    one entry of a space
    search       a whole search: trials, inner folds, metric, sampler, pruner, storage
    storage      SQLite, a journal file or PostgreSQL, opened with refusals that a person can act on
    study        one Optuna study per outer fold; refuses to go on with another space, code or data
    sampler      draws that depend on (seed, study, place of the trial) only
    ledger       which trials count, which were lost with their worker, which are still lacking
    beat         who works on a search, and who of them is gone
    trial        what a worker and those who train for it say to each other
    judge        results of inner folds -> one score
    worker       asks, trains, reports, prunes, tells, generation by generation
    results      all trials as a table; the best one
"""
