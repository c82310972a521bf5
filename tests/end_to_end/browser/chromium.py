"""A real Chromium without a window, for tests of the page and for its screenshot."""

from __future__ import annotations

import base64
import contextlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List

from selenium.webdriver import Chrome
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

_SWITCHES = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


@dataclass(frozen=True)
class Browser:
    """A running browser with one page open.

    Args:
        driver: Selenium's.
        page: the file that is shown.
    """

    driver: Chrome
    page: Path

    def open(self, width: int = 1400, height: int = 900) -> None:
        """Load the page anew, in a window of this size."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.command("Emulation.setDeviceMetricsOverride", size)
        self.driver.get(self.page.as_uri())

    def forget(self) -> None:
        """Forget what the page remembers, as if nobody had ever opened it."""
        self.driver.execute_script("window.localStorage.clear()")

    def choose(self, name: str, value: str) -> None:
        """Click on a switch of the page."""
        self.driver.execute_script(f"document.querySelector('input[name={name}][value={value}]').click()")

    def unfold(self) -> None:
        """Open all that is folded."""
        self.driver.execute_script("document.querySelectorAll('details').forEach(each => { each.open = true; })")

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression."""
        return self.driver.execute_script(f"return {expression}")

    def command(self, name: str, arguments: Dict[str, Any]) -> Any:
        """A command of the Chrome DevTools Protocol."""
        return self.driver.execute_cdp_cmd(name, arguments)

    def messages(self) -> List[str]:
        """What was said on the console since it was asked last."""
        return [str(each["message"]) for each in self.driver.get_log("browser")]

    def picture(self, top: float, height: float) -> bytes:
        """A strip of the page, from so many pixels below its top, as a PNG."""
        width = self.evaluate("window.innerWidth")
        clip = {"x": 0, "y": top, "width": width, "height": height, "scale": 1}
        taken = self.command("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
        return base64.b64decode(taken["data"])


@contextlib.contextmanager
def started(page: Path) -> Iterator[Browser]:
    """A browser that shows a page, with a profile of its own that is gone afterwards.

    Raises:
        FileNotFoundError: Chromium or its driver is not installed.
    """
    binary, driver = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
    if binary is None or driver is None:
        raise FileNotFoundError("no chromium with chromedriver: apt-get install -y chromium chromium-driver")
    with tempfile.TemporaryDirectory() as profile:
        options = Options()
        options.binary_location = binary
        for switch in (*_SWITCHES, f"--user-data-dir={profile}"):
            options.add_argument(switch)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        chrome = Chrome(options=options, service=Service(driver))
        # The accessibility checker looks at a long page for a minute where the cores have other things to do.
        chrome.set_script_timeout(600)
        chrome.command_executor.client_config.timeout = 600
        try:
            yield Browser(chrome, page)
        finally:
            chrome.quit()
