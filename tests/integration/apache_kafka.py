"""One Apache Kafka node (KRaft, broker and controller in one) from KAFKA_HOME, as tests start and stop it.

KAFKA_HOME names a Kafka distribution, or a folder with its jars or with `libs/` that holds them. Java 17 or newer.
"""

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from tests.integration.servers import eventually, free_port

from vidmap_chassis.settings import KafkaSettings
from vidmap_chassis.topics import create_topics
from vidmap_contracts.topics import ALL_TOPICS

# Any 16 bytes, as Kafka writes them.
_CLUSTER = "dmlkbWFwLXRlc3Qta2Fma2E"
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={home}/data
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=500
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
"""


def why_not() -> str | None:
    """Why there is no Apache Kafka to test with, or None where there is."""
    home = os.environ.get("KAFKA_HOME")
    if not home:
        return "KAFKA_HOME does not name a Kafka distribution"
    if not list(_jars(Path(home)).glob("kafka_*.jar")):
        return f"KAFKA_HOME={home} holds no Kafka jars"
    if shutil.which(_java()) is None:
        return "there is no java"
    return None


def _jars(home: Path) -> Path:
    return home / "libs" if (home / "libs").is_dir() else home


def _java() -> str:
    home = os.environ.get("JAVA_HOME")
    return str(Path(home) / "bin" / "java") if home else "java"


class ApacheKafka:
    """One node below `home`; a new start has the data of the one before."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self._controller = free_port()
        self._classpath = f"{_jars(Path(os.environ['KAFKA_HOME']))}/*"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def settings(self) -> KafkaSettings:
        return KafkaSettings(
            bootstrap_servers=f"127.0.0.1:{self.port}",
            idempotence=True,
            session_timeout_ms=1_000,
            heartbeat_interval_ms=200,
            rebalance_timeout_ms=3_000,
            shutdown_grace_s=0.2,
        )

    async def start(self) -> None:
        """Come up with every topic."""
        self._format()
        self._spawn()
        await eventually(self._answers)
        await create_topics(self.settings, ALL_TOPICS)

    @property
    def _properties(self) -> Path:
        return self.home / "server.properties"

    def _format(self) -> None:
        if self._properties.exists():
            return
        text = _PROPERTIES.format(port=self.port, controller=self._controller, home=self.home)
        self._properties.write_text(text)
        tool = ("kafka.tools.StorageTool", "format", "-t", _CLUSTER, "-c", str(self._properties))
        subprocess.run([_java(), "-Xmx256m", "-cp", self._classpath, *tool], check=True, capture_output=True)

    def _spawn(self) -> None:
        broker = (_java(), "-Xmx512m", "-XX:+UseSerialGC", "-cp", self._classpath, "kafka.Kafka", str(self._properties))
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(broker, stdout=log, stderr=log)

    def stop(self) -> None:
        """kill -9, as a crash does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(30)

    async def _answers(self) -> bool:
        client = AIOKafkaAdminClient(bootstrap_servers=self.settings.bootstrap_servers)
        try:
            await client.start()
            await client.list_topics()
        except (KafkaError, OSError):
            await asyncio.sleep(0.2)
            return False
        finally:
            await client.close()
        return True
