"""A consumer in asyncio: says what it handles, and shows the bot as idle at the word "!away".

Start as many as you like, and kill any of them. docs/protocol.md says what stands in the streams.
"""

import asyncio
import json
import os
import signal
import socket
import sys
import time
from collections import OrderedDict

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

STORE = os.environ.get("BATON_STORE", "redis://127.0.0.1:6379")
FLEET = os.environ.get("BATON_FLEET", "main")
APP = os.environ.get("BATON_APP", "app")
GROUP = os.environ.get("BATON_GROUP", "example")
IDLE_MS = int(os.environ.get("BATON_IDLE_MS", "30000"))
NAME = f"{socket.gethostname()}-{os.getpid()}"
BATCH, REMEMBERED = 100, 10_000


class Consumer:
    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.stopping = False
        self.handled: OrderedDict[str, None] = OrderedDict()

    async def handle(self, redis: Redis, entry: dict[str, str]) -> None:
        """What a bot does. What it raises leaves the entry unacknowledged: it comes again."""
        if entry["t"].startswith("BATON_"):
            # Something may be missing: whoever keeps a cache builds it anew.
            print("marker", entry["t"], entry["d"], flush=True)
            return
        event = json.loads(entry["d"])["d"]
        if entry["t"] == "MESSAGE_CREATE" and event.get("content") == "!away":
            idle = {"since": None, "activities": [], "status": "idle", "afk": True}
            await self.send(redis, int(entry["sh"]), {"op": 3, "d": idle})
        print("handled", f"{entry['sh']}/{entry['sid']}/{entry['s']}", entry["t"], flush=True)

    async def send(self, redis: Redis, shard: int, frame: dict) -> None:
        """Has a shard send a frame to Discord, if it can within ten seconds."""
        seconds, _ = await redis.time()
        command = {"v": 1, "sh": shard, "exp": (seconds + 10) * 1000, "re": "", "tp": ""}
        stream = f"baton:{{{APP}.{shard % self.lanes}}}:commands"
        await redis.xadd(stream, {**command, "d": json.dumps(frame)})

    async def read(self, lane: int) -> None:
        key = f"baton:{{{APP}.{lane}}}:events"
        claim_at = 0.0
        # A read that waits holds up whatever else its connection is asked.
        async with Redis.from_url(STORE, decode_responses=True, socket_timeout=10) as redis:
            while not self.stopping:
                try:
                    # What a consumer that died was given, and what was raised at here.
                    if time.monotonic() >= claim_at:
                        claimed = await redis.xautoclaim(key, GROUP, NAME, IDLE_MS, "0-0", BATCH)
                        await self.handle_all(redis, key, claimed[1])
                        if len(claimed[1]) < BATCH:
                            claim_at = time.monotonic() + IDLE_MS / 2000
                    read = await redis.xreadgroup(GROUP, NAME, {key: ">"}, BATCH, block=1000)
                    for _, entries in read.items() if isinstance(read, dict) else read or []:
                        await self.handle_all(redis, key, entries)
                except ResponseError as error:
                    if not str(error).startswith("NOGROUP"):
                        raise
                    # The first to come makes the group, at the beginning; a wiped store has none.
                    try:
                        await redis.xgroup_create(key, GROUP, "0", mkstream=True)
                    except ResponseError:
                        pass
                except RedisError as error:
                    print(f"lane {lane}: {error}", file=sys.stderr)
                    await asyncio.sleep(0.5)
            if not await redis.xpending_range(key, GROUP, "-", "+", 1, consumername=NAME):
                await redis.xgroup_delconsumer(key, GROUP, NAME)

    async def handle_all(self, redis: Redis, key: str, entries: list) -> None:
        done = []
        for at, entry in entries:
            if entry["v"] != "1":
                raise ValueError(f"entry {at} is of version {entry['v']}, not known here")
            # Names a dispatch for ever; a marker may come twice.
            dispatch = f"{entry['sh']}/{entry['sid']}/{entry['s']}"
            is_marker = entry["t"].startswith("BATON_")
            try:
                if is_marker or dispatch not in self.handled:
                    await self.handle(redis, entry)
            except Exception as error:  # noqa: BLE001: one bad entry must not end the others
                print(f"{entry['t']} {dispatch}: {error}", file=sys.stderr)
                continue
            self.handled[dispatch] = None
            if len(self.handled) > REMEMBERED:
                self.handled.popitem(last=False)
            done.append(at)
        if done:
            await redis.xack(key, GROUP, *done)


async def main() -> None:
    async with Redis.from_url(STORE, decode_responses=True) as redis:
        shape = await redis.hget(f"baton:{{{FLEET}}}:apps", APP)
    if shape is None:
        sys.exit(f"no instance has run app {APP} in fleet {FLEET} yet")
    consumer = Consumer(json.loads(shape)["lanes"])
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, setattr, consumer, "stopping", True)
    await asyncio.gather(*(consumer.read(lane) for lane in range(consumer.lanes)))


asyncio.run(main())
