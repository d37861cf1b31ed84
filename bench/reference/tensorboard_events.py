"""Writes train/src/test/resources/golden/tensorboard.tfevents with TensorBoard's own writer (pip install tensorboard).

Usage: python bench/reference/tensorboard_events.py [FOLDER]
With a folder it instead prints the scalars that TensorBoard reads there, one JSON line a tag.
"""

import json
import sys
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

GOLDEN = Path(__file__).parents[2] / "train/src/test/resources/golden/tensorboard.tfevents"
WALL_TIME = 1_700_000_000.25


def scalars(step, **values):
    summary = Summary(value=[Summary.Value(tag=tag.replace("__", "/"), simple_value=v) for tag, v in values.items()])
    return Event(wall_time=WALL_TIME, step=step, summary=summary)


def write_golden():
    with GOLDEN.open("wb") as file:
        records = RecordWriter(file)
        for event in (
            Event(wall_time=WALL_TIME, file_version="brain.Event:2"),
            Event(wall_time=WALL_TIME, step=0, session_log=SessionLog(status=SessionLog.START)),
            scalars(0, train__loss=5.5, lr=0.0),
            scalars(300, train__loss=0.1, lr=3e-4),
            scalars(2**40, train__loss=float("nan")),
        ):
            records.write(event.SerializeToString())


def print_scalars(folder):
    events = EventAccumulator(folder, size_guidance={"scalars": 0}).Reload()
    for tag in events.Tags()["scalars"]:
        print(json.dumps({"tag": tag, "points": [[s.step, s.value] for s in events.Scalars(tag)]}))


if len(sys.argv) > 1:
    print_scalars(sys.argv[1])
else:
    write_golden()
