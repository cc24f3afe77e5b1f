"""discord.py as a program that says what it receives.

The language it speaks stands in tests/clients/src/lib.rs. Importing discord.py chooses the
compression: zstd where a package for it is found, else zlib.
"""

import asyncio
import logging
import os
import sys

API = os.environ["MOCK_API"]
COMPRESSION = os.environ["MOCK_COMPRESSION"]
GATEWAY = os.environ["MOCK_GATEWAY"]
TOKEN = os.environ["MOCK_TOKEN"]

if COMPRESSION == "zlib-stream":
    # Whoever imports them is told that they are not there.
    sys.modules["zstandard"] = sys.modules["compression.zstd"] = None

import discord
import yarl
from discord.gateway import DiscordWebSocket


class Socket(DiscordWebSocket):
    DEFAULT_GATEWAY = yarl.URL(GATEWAY)

    @classmethod
    async def from_client(cls, client, **options):
        return await super().from_client(client, compress=COMPRESSION != "", **options)


class Client(discord.Client):
    async def setup_hook(self):
        self.leaving = asyncio.create_task(self.leave_when_told())

    async def leave_when_told(self):
        told = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(told)
        await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
        await told.read()
        await self.close()

    async def on_socket_raw_receive(self, frame):
        print("frame", frame, flush=True)

    async def on_ready(self):
        print("ready", flush=True)


discord.http.Route.BASE = f"{API}/v10"
discord.client.DiscordWebSocket = Socket

intents = discord.Intents(guilds=True, guild_messages=True)
client = Client(intents=intents, enable_debug_events=True)
client.run(TOKEN, log_level=logging.WARNING)
