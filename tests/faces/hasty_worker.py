"""A stand-in for mmer.faces.pyfeat_worker that speaks its protocol and misbehaves on demand, without py-feat.

What a clip does is written in its ``frames`` cell: good, bad, die, exit, hang.
"""

import json
import os
import signal
import sys
import time

import numpy as np

from mmer.types.face_track import FaceTrack


def say(event, **more):
    print(json.dumps({"event": event, **more}), flush=True)


settings = json.loads(sys.stdin.readline())
print("this goes to the log", file=sys.stderr, flush=True)
if settings["landmark_model"] == "mobilenet":
    say("unusable", reason="no such network")
    sys.exit(1)
if settings["landmark_model"] == "mobilefacenet":
    sys.exit("could not import")
say("ready", device="cpu", threads=1)
for line in sys.stdin:
    job = json.loads(line)
    say("alive")
    if job["frames"] == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if job["frames"] == "exit":
        sys.exit(3)
    if job["frames"] == "hang":
        time.sleep(60)
    if job["frames"] == "bad":
        say("failed", reason="the video ends or does not decode")
        continue
    FaceTrack(
        clip_id=job["clip_id"],
        frame=np.arange(2),
        time=np.arange(2) / job["fps"],
        landmarks=np.zeros((2, 68, 2), np.float32),
        action_units=np.zeros((2, 0), np.float32),
        au_names=(),
        au_scale="none",
        box=np.zeros((2, 4), np.float32),
        confidence=np.ones(2, np.float32),
        n_faces=np.ones(2, np.int16),
        pose=np.zeros((2, 3), np.float32),
        image_size=(2, 2),
        provenance={"process": str(os.getpid())},
    ).save(job["path"])
    say("track", peak_mb=1.0)
