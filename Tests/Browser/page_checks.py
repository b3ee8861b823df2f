"""What holds of every page: accessible by axe's rules, reachable by keyboard, not wider than its window,
quick to paint, small.
"""

import gzip
import pathlib

import axe_playwright_python

# Where the package keeps the script that it would add as an element, which a strict policy stops.
AXE = (pathlib.Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
STEPS_MAX = 400
BYTES_MAX = 150_000
PAINT_MILLISECONDS_MAX = 1000


def accessibility(page):
    """What axe finds, each with the first elements that it names: faults against WCAG, and advice."""
    page.evaluate(AXE)
    result = page.evaluate(
        "(tags) => axe.run(document, { runOnly: { type: 'tag', values: tags } })", RULES)
    faults, advice = [], []
    for violation in result["violations"]:
        nodes = violation["nodes"]
        shown = "; ".join(
            f"{' '.join(map(str, node['target']))} {summary(node)}" for node in nodes[:3])
        text = f"{violation['id']} ({violation['impact']}, {len(nodes)}×): {shown}"
        is_advice = "best-practice" in violation["tags"]
        (advice if is_advice else faults).append(text)
    return faults, advice


def summary(node):
    for check in node["any"] + node["all"] + node["none"]:
        data = check.get("data") or {}
        if isinstance(data, dict) and "contrastRatio" in data:
            return f"{data['fgColor']} on {data['bgColor']} is {data['contrastRatio']}"
    return ""


# Everything that a person can act on and that can be seen, in order. A group that is walked with arrow
# keys (radio buttons, tabs) counts by the one that Tab stops at.
REACHABLE = """
() => {
  const within = document.querySelector('dialog:modal') ?? document;
  const wanted = [...within.querySelectorAll(
    'a[href], button, input, select, textarea, summary, [tabindex]')].filter((element) =>
    !element.disabled && element.tabIndex >= 0
    && element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && !element.closest('[inert], dialog:not([open])')
    && !(element.type === 'radio' && !element.checked));
  window.wanted = new Map(wanted.map((element, index) => [element, index]));
  document.activeElement?.blur();
  return wanted.map((element) => (element.getAttribute('aria-label')
    || element.textContent.trim() || element.name || element.tagName).slice(0, 40));
}
"""
FOCUSED = """
() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const style = getComputedStyle(element);
  const ring = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0)
    || style.boxShadow !== 'none';
  return { place: window.wanted.get(element) ?? -1, ring, tag: element.tagName,
    name: (element.getAttribute('aria-label') || element.textContent.trim()).slice(0, 40) };
}
"""


def keyboard(page):
    """What Tab does not reach, and where nothing shows that it has the focus."""
    names = page.evaluate(REACHABLE)
    reached, bare, outside = set(), [], 0
    for _ in range(min(STEPS_MAX, len(names) + 20)):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused is None:
            outside += 1
            if outside > 1:
                break
            continue
        if focused["place"] in reached:
            break
        if focused["place"] >= 0:
            reached.add(focused["place"])
        if not focused["ring"]:
            bare.append(f"{focused['tag']} {focused['name']}")
    faults = []
    # A list that moves while one walks through it may gain a row; half of it is none.
    missed = [name for place, name in enumerate(names) if place not in reached]
    if missed and len(names) < STEPS_MAX:
        faults.append(f"Tab does not reach {len(missed)} of {len(names)}: {missed[:5]}")
    if bare:
        faults.append(f"nothing shows the focus on {bare[:5]}")
    return faults


def width(page):
    """Whether the page is wider than its window, and which elements make it so."""
    found = page.evaluate("""() => {
      const width = document.documentElement.clientWidth;
      if (document.scrollingElement.scrollWidth <= width) return [];
      return [...document.querySelectorAll('body *')].filter((element) =>
        element.getBoundingClientRect().right > width + 1 && !element.closest('[role=tablist]'))
        .map((element) => `${element.tagName}.${element.className}`).slice(0, 5);
    }""")
    return [f"wider than the window: {found}"] if found else []


def paint(page):
    """First contentful paint in milliseconds."""
    page.wait_for_function(
        "performance.getEntriesByName('first-contentful-paint').length > 0")
    return page.evaluate(
        "performance.getEntriesByName('first-contentful-paint')[0].startTime")


def compressed_bytes(folder):
    """Every file of the console, each as gzip would send it."""
    return sum(
        len(gzip.compress(path.read_bytes(), 9)) for path in sorted(folder.iterdir())
        if path.is_file())
