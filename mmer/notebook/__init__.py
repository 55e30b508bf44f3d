"""The rooms from a notebook, without DVC and Hydra: clips → tracks → motion → graphs → folds → predictions → plots.

Every function takes a choice by its name in conf/ (``protocol="loso"``), with keys of its yaml as keyword arguments,
or a component that was made already. It gives back the noun that the pipeline's stage would write, so both worlds mix:
save it, load an artifact in its place, or go on by hand. Folders are found from anywhere inside the repository.

What is trained sees the clips of its fold's training side only, as in the pipeline (``mmer.training.fit``).
"""

from mmer.notebook.pictures import plot_face as plot_face
from mmer.notebook.pictures import plot_graph as plot_graph
from mmer.notebook.pictures import plot_motion as plot_motion
from mmer.notebook.plots import plot_confusion as plot_confusion
from mmer.notebook.plots import plot_curves as plot_curves
from mmer.notebook.plots import plot_scores as plot_scores
from mmer.notebook.plots import plot_subjects as plot_subjects
from mmer.notebook.rooms import choices as choices
from mmer.notebook.rooms import clips as clips
from mmer.notebook.rooms import component as component
from mmer.notebook.rooms import flows as flows
from mmer.notebook.rooms import graphs as graphs
from mmer.notebook.rooms import home as home
from mmer.notebook.rooms import motion as motion
from mmer.notebook.rooms import splits as splits
from mmer.notebook.rooms import tracks as tracks
from mmer.notebook.study import Study as Study
from mmer.notebook.study import study as study
from mmer.notebook.tables import Clips as Clips
from mmer.notebook.tables import Predictions as Predictions
from mmer.notebook.tables import Scores as Scores
from mmer.notebook.tables import compare as compare
from mmer.notebook.tables import read_predictions as read_predictions
from mmer.notebook.tables import scores as scores
