"""A shop in two worker processes: `app.py PORT` with one registry for both, `app.py PORT apart` with one for each."""

import os
import sys
import tempfile
from pathlib import Path

import uvicorn

if __name__ == "__main__":
    if sys.argv[2:] != ["apart"]:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="shop-")
    here = str(Path(__file__).parent)
    uvicorn.run(
        "shop:app", host="127.0.0.1", port=int(sys.argv[1]), workers=2, log_level="warning", app_dir=here
    )
