"""redis-py as a program that consumes a lane.

What it is asked to do, and what it says, stands in tests/clients/src/redis_client.rs.
"""

import os

import redis

APP = os.environ["BATON_APP"]
LANE = "baton:{" + APP + ".0}"
EVENTS = LANE + ":events"
COMMANDS = LANE + ":commands"
DEAD = LANE + ":dead:workers"
RESULTS = LANE + ":results:worker"
COUNT = int(os.environ["BATON_COUNT"])

store = redis.Redis.from_url(
    os.environ["BATON_STORE"], protocol=int(os.environ["BATON_PROTOCOL"]), decode_responses=True
)


def streams(reply):
    """What the two versions of the protocol answer to a read, in one form."""
    pairs = reply.items() if isinstance(reply, dict) else reply or []
    for key, entries in pairs:
        if isinstance(reply, dict) and entries and isinstance(entries[0], list):
            entries = entries[0]
        yield key, entries


store.xgroup_create(EVENTS, "workers", id="0", mkstream=True)
print("ready", flush=True)

seen = []
while len(seen) < COUNT:
    reply = store.xreadgroup("workers", "one", {EVENTS: ">"}, count=7, block=20_000)
    for _, entries in streams(reply):
        for place, fields in entries:
            seen.append(place)
            print("seen", fields["t"], fields["s"], flush=True)

# One is given up on, the others of the first half are acknowledged.
half = seen[: COUNT // 2]
with store.pipeline(transaction=True) as step:
    step.xadd(DEAD, {"d": "{}", "error": "poison"})
    step.xack(EVENTS, "workers", half[0])
    dead, acknowledged = step.execute()
print("dead", dead, acknowledged, flush=True)
print("acknowledged", store.xack(EVENTS, "workers", *half[1:]), flush=True)

# The rest is taken over by another consumer.
start, taken = "0-0", 0
while True:
    start, entries, *_ = store.xautoclaim(EVENTS, "workers", "two", 0, start, count=3)
    for place, _ in entries:
        taken += store.xack(EVENTS, "workers", place)
    if start == "0-0":
        break
print("taken", taken, flush=True)

print("shape", store.hget("baton:{main}:apps", APP), flush=True)
frame = {"v": 1, "sh": 0, "exp": "", "re": "worker", "tp": "", "d": '{"op":3,"d":{}}'}
command = store.xadd(COMMANDS, frame)
for _, entries in streams(store.xread({RESULTS: "0-0"}, block=20_000)):
    for _, fields in entries:
        print("result", fields["cmd"] == command, fields["out"], flush=True)
print("left", store.xpending(EVENTS, "workers")["pending"], flush=True)
