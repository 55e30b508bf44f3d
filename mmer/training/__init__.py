"""Training: fit the folds of an experiment and predict their test clips. Knows torch; knows neither Hydra nor DVC.

``fit`` receives the samples and targets of the training clips. There is no test set in its scope.
"""
