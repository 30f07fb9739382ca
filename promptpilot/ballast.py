"""Memory that is really there: mapped, touched, and given back to the kernel when it ends."""

import mmap

_STEP = 4 * 1_048_576
_PAGE = 4096


class Ballast:
    """Holds `size` bytes. Blocks while it touches them; raises OSError when there is no room."""

    def __init__(self, size: int) -> None:
        self._memory = mmap.mmap(-1, size)
        with memoryview(self._memory) as view:
            for start in range(0, size, _STEP):
                step = view[start : start + _STEP : _PAGE]
                step[:] = b"\x01" * len(step)
                step.release()

    def release(self) -> None:
        self._memory.close()
