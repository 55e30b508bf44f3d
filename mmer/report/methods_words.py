"""Words for the components of conf/: what a methods section says of each. ``{key}`` stands for a value of its yaml."""

# Group of conf/ -> name of the component -> words. A component that is not here is named as it is, with its settings.
WORDS: dict[str, dict[str, str]] = {
    "protocol": {
        "loso": "leave one subject out: each subject is tested once, by a model trained on all others",
        "composite_loso": "leave one subject out over the subjects of all corpora taken together",
        "cross_dataset": "cross-corpus: trained on {train}, tested on {test}",
        "cross_dataset_pairs": "every ordered pair of corpora: trained on one, tested on another",
        "cd6me": "CD6ME: each of six corpora is tested once, by a model trained on the other five",
        "leave_one_corpus_out": "leave one corpus out: each corpus is tested once, by a model trained on all others",
        "leave_one_culture_out": "leave one culture out: each culture is tested once, by a model trained on all others",
        "leave_one_video_out": "leave one video out, which is person-dependent: the clips of each event are tested "
        "once, by a model trained on all others, clips of the same subject among them",
        "holdout_80_20": "repeated hold-out, which is person-dependent: 20 % of the clips are drawn for testing, "
        "{repeats} times",
        "holdout_90_10": "repeated hold-out, which is person-dependent: 10 % of the clips are drawn for testing, "
        "{repeats} times",
        "kfold": "{k}-fold cross-validation over clips, which is person-dependent",
        "subject_kfold": "{k}-fold cross-validation over subjects: nobody is tested by a model trained on them",
        "megc2018_composite": "the composite database evaluation of MEGC 2018: leave one subject out over CASME II and "
        "SAMM together",
        "megc2018_holdout": "the holdout database evaluation of MEGC 2018: trained on CASME II and tested on SAMM, and "
        "the reverse",
    },
    "faces": {
        "shipped": "landmarks and action units as they come with the corpus",
        "openface_csv": "landmarks and action units by OpenFace",
        "pyfeat": "landmarks by {landmark_model} and action units by {au_model} of py-feat, faces by {box}",
    },
    "motion": {
        "optical_flow": "optical flow ({algorithm}) between onset and apex, and its strain, on faces aligned to "
        "{size} × {size} pixels; the apex is the one that is {apex}",
        "precomputed": "motion that comes with the corpus, in the channels {channels}",
    },
    "magnify": {
        "none": "",
        "eulerian_linear": "motion magnified {alpha}-fold by linear Eulerian magnification (Wu et al., 2012)",
        "eulerian_phase": "motion magnified {alpha}-fold by phase-based magnification (Wadhwa et al., 2013)",
        "learned": "motion magnified {alpha}-fold by a learned network (Oh et al., 2018)",
    },
    "motion_scaling": {
        "none": "",
        "median_rms": "the motion of each clip is taken minus its median and divided by its root mean square",
    },
    "nodes": {
        "action_units": "one node for each of the action units {action_units}, with the features {features}",
        "auw_rois": "12 regions of interest (Yin et al., 2023) as nodes, with the features {features}",
        "eyebrow_mouth": "the 30 landmarks of eyebrows and mouth as nodes, with the features {features}",
        "fgrl": "the 30 landmarks of eyebrows and mouth with the features {features}, and the action units "
        "{action_units}, as nodes",
        "graph_tcn_28": "28 landmarks of eyebrows and mouth as nodes (Lei et al., 2020), with the features {features}",
        "inner": "the 51 landmarks inside the face as nodes, with the features {features}",
        "landmarks": "all 68 landmarks as nodes, with the features {features}",
    },
    "edges": {
        "anatomical": "edges along the contours of the face",
        "au_probability": "edges weighted by the conditional probabilities of annotated action units, counted on the "
        "training clips of each fold with {kappa} clips of smoothing",
        "au_regions": "edges between regions that annotated action units move together (Yin et al., 2023), counted on "
        "the training clips of each fold",
        "complete": "every node joined to every other",
        "facs_prior": "edges between action units that prototypical emotions have in common (EMFACS, {table}), which "
        "need no label of any corpus",
        "learned": "every node joined to every other, with weights that the model learns",
        "nearest": "each node joined to the {k} nearest on the canonical face",
        "pmi": "edges weighted by the pointwise mutual information of annotated action units, counted on the training "
        "clips of each fold with {kappa} clips of smoothing",
        "temporal": "edges within a moment by the rule {within}, moments being joined by the model",
    },
    "model": {
        "au_flow": "action units that weigh flow over time at landmarks (Wang et al., 2024)",
        "au_gacn": "AU-GACN (Xie et al., 2020)",
        "auw_gcn": "AUW-GCN (Yin et al., 2023)",
        "braindecode_net": "{network} of braindecode (Schirrmeister et al., 2017)",
        "dgcnn": "DGCNN (Song et al., 2020)",
        "dssnet": "DSSN (Khor et al., 2019)",
        "dual_inception": "Dual-Inception (Zhou et al., 2019)",
        "edge_gat": "edge-node graph attention after Kumar and Bhanu (2023)",
        "eegnet": "EEGNet (Lawhern et al., 2018)",
        "fgrl": "FGRL (Lei et al., 2021)",
        "gcn": "a graph convolutional network (Kipf and Welling, 2017) with {layers} layers of width {hidden}",
        "graph_tcn": "Graph-TCN (Lei et al., 2020)",
        "graphsage": "GraphSAGE (Hamilton et al., 2017) with {layers} layers of width {hidden}",
        "kernel_ridge": "kernel ridge regression on the means of {grid} × {grid} blocks of motion",
        "logreg": "logistic regression on all node features side by side, without edges",
        "lr_gacn": "LR-GACN (Kumar and Bhanu, 2021)",
        "mer_gcn": "MER-GCN (Lo et al., 2020)",
        "mlp": "a multilayer perceptron on all node features side by side, without edges",
        "off_apexnet": "OFF-ApexNet (Gan et al., 2019)",
        "rcn_a": "RCN-A (Xia et al., 2020)",
        "resnet18": "ResNet-18 (He et al., 2016), trained from random weights",
        "shallow_fbcsp": "ShallowFBCSPNet (Schirrmeister et al., 2017)",
        "signal_cnn": "a one-dimensional convolutional network",
        "signal_mlp": "a multilayer perceptron on the features of the recording",
        "sssnet": "SSSNet (Varanka et al., 2021)",
        "st_gcn": "ST-GCN (Yan et al., 2018)",
        "ststnet": "STSTNet (Liong et al., 2019)",
        "svm_linear": "a linear support vector machine on the means of {grid} × {grid} blocks of motion",
        "svm_rbf": "a support vector machine with an RBF kernel on the means of {grid} × {grid} blocks of motion",
    },
    "fusion": {
        "concatenation": "fused by concatenation of their features",
        "cross_attention": "fused by cross-attention (Tsai et al., 2019)",
        "gated": "fused by gates (Arevalo et al., 2017)",
        "graph_fusion": "fused as nodes of one graph",
        "late": "fused late, over {over} with {weights} weights",
        "low_rank": "fused by low-rank products of their features (Liu et al., 2018)",
        "none": "",
    },
    "loss": {
        "asymmetric": "the asymmetric loss (Ridnik et al., 2021)",
        "au_contrastive": "cross-entropy plus a supervised contrast by action units with the share {share} (Ruan et "
        "al., 2022)",
        "au_soft_labels": "cross-entropy with labels softened by the annotated action units, with the share {share}",
        "balanced_softmax": "the balanced softmax (Ren et al., 2020)",
        "class_balanced": "cross-entropy weighted by the effective number of clips (Cui et al., 2019), beta {beta}",
        "cross_entropy": "unweighted cross-entropy",
        "focal": "the focal loss (Lin et al., 2017), gamma {gamma}",
        "label_smoothing": "cross-entropy with labels smoothed by {epsilon}",
        "ldam": "LDAM with deferred re-weighting (Cao et al., 2019)",
        "logit_adjustment": "logit-adjusted cross-entropy (Menon et al., 2021), tau {tau}",
        "logit_adjustment_posthoc": "cross-entropy, and in testing logits adjusted by the class frequencies of the "
        "training clips (Menon et al., 2021), tau {tau}",
        "soft_f1": "one minus the soft macro F1 of the batch",
        "weighted_bce": "binary cross-entropy in which a present unit weighs as many times as it is rarer than its "
        "absence, at most {max_weight}",
        "weighted_cross_entropy": "cross-entropy weighted by the inverse class frequencies of the fold's training "
        "clips",
    },
    "sampling": {
        "natural": "every training clip is shown once per epoch",
        "balanced": "clips are drawn with replacement so that every class comes equally often",
        "subject_balanced": "clips are drawn with replacement so that every class, and within a class every subject, "
        "comes equally often",
    },
    "signal": {
        "ecg": "ECG",
        "eda": "electrodermal activity",
        "eeg": "EEG",
        "eeg_bands": "EEG band features",
        "eeg_bands_no_muscle": "EEG band features without channels and bands of muscles",
        "gaze": "gaze, from the face track",
        "heart": "heart rate and beat intervals, from the ECG",
        "pose": "head pose, from the face track",
        "ppg": "pulse rate, from a photoplethysmogram",
        "resp": "respiration",
    },
}
# Augmentations -> words, and the value that switches each off. Any other key is named with its value.
AUGMENT = {
    "flip": ("mirrored with probability {}", 0),
    "rotate": ("turned by up to {} degrees", 0),
    "translate": ("shifted by up to {} of their width", 0),
    "scale": ("scaled by up to {}", 0),
    "amplify": ("with motion multiplied by {}", [1, 1]),
    "neighbours": ("with frames beside the apex in its place", False),
    "mixup": ("mixed with others (mixup, alpha {})", 0),
}
# How a network is trained where its yaml does not say (mmer.training.recipe.Recipe; a test holds the two together).
RECIPE = {
    "weight_decay": 0.0,
    "optimizer": "adam",
    "momentum": 0.9,
    "standardise": "feature",
    "clip_norm": None,
    "schedule": "constant",
    "step_epochs": 10,
    "step_factor": 0.1,
    "patience": None,
    "validation_subjects": 2,
    "precision": "float32",
}
OF_RECIPE = ("epochs", "batch_size", "lr", "cuda_graph", *RECIPE)  # cuda_graph changes no number
STANDARDISED = {
    "feature": "each feature is standardised by mean and standard deviation of the fold's training clips",
    "node": "each feature of each node is standardised by mean and standard deviation of the fold's training clips",
    "none": "features are not standardised",
}
OPTIMIZERS = {"adam": "Adam", "adamw": "AdamW", "sgd": "stochastic gradient descent"}
