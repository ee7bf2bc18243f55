"""Chromium from the distribution's packages, driven by Playwright; tests that need it skip, by name, without it."""

import base64
import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")


def executable():
    """The browser on this machine, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def start():
    """A browser and what stops it.

    Skips the test where there is none: what a page looks like can only be seen in one.
    """
    path = executable()
    if path is None:
        pytest.skip(f"needs a browser: none of {', '.join(NAMES)} is on PATH (apt-get install chromium)")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 (half a second, and only with a browser)

    driver = sync_playwright().start()
    return driver, driver.chromium.launch(executable_path=path, chromium_sandbox=False)


class Opened:
    """A page in the browser, and everything that it said or asked for."""

    def __init__(self, browser, file, *, width=1280, height=900, scheme="light", scripts=True) -> None:
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, java_script_enabled=scripts
        )
        self.page = self.context.new_page()
        self.said, self.asked = [], []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(file.as_uri())

    def shown(self, selector):
        """How many elements that a selector finds can be seen."""
        return sum(element.is_visible() for element in self.page.locator(selector).all())

    def picture(self):
        """A screenshot of the picture alone: what sticks to the window's edges would lie over it."""
        self.page.evaluate("for (const e of document.querySelectorAll('.top, #explain')) e.style.position = 'static'")
        return self.page.locator("#map").screenshot(animations="disabled", caret="hide")

    def pixels(self, first, second=None, *, near=None):
        """Where in a screenshot pixels differ from another's, or are near a colour: columns, rows, and their sizes.

        The browser decodes the images itself.
        """
        return self.context.new_page().evaluate(_PIXELS, [_url(first), second and _url(second), near])


def _url(png):
    return "data:image/png;base64," + base64.b64encode(png).decode()


_PIXELS = """async ([first, second, near]) => {
  const read = async (url) => {
    const image = new Image(); image.src = url; await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext("2d"); context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, image.width, image.height);
  };
  const one = await read(first), other = second ? await read(second) : null;
  const columns = new Set(), rows = new Set();
  for (let y = 0; y < one.height; y++) for (let x = 0; x < one.width; x++) {
    const at = 4 * (y * one.width + x);
    const apart = (values) => Math.max(...[0, 1, 2].map((i) => Math.abs(one.data[at + i] - values[i])));
    const hit = other ? apart(other.data.slice(at, at + 3)) > 8 : apart(near) < 12;
    if (hit) { columns.add(x); rows.add(y); }
  }
  const sorted = (set) => [...set].sort((a, b) => a - b);
  return { columns: sorted(columns), rows: sorted(rows), width: one.width, height: one.height };
}"""
