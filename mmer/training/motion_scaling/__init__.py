"""Motion scaling: what is done to the motion of one clip before a model of the stream ``flow`` is given it.

    scale(values, channels) -> values      values: ndarray (n, C, H, W), float32; channels: C names

A component looks at each clip alone, so nothing of one clip reaches another and no fold has to fit it. A clip without
motion stays without. What is fitted on training clips is ``mmer.training.scaler``.
tests/contracts/test_motion_scaling.py checks it for every conf/motion_scaling/*.yaml.
"""
