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


# What a screen reader offers to act on, or reads out as one thing: each needs a name.
NAMED = {
    "button", "link", "textbox", "searchbox", "combobox", "listbox", "checkbox", "radio", "switch",
    "tab", "tablist", "tabpanel", "spinbutton", "slider", "Date", "DateTime", "dialog", "table",
    "image", "navigation", "region",
}
LANDMARKS = ["banner", "navigation", "main"]
LANGUAGES = {"en": "en", "zh": "zh-CN"}


def tree(page, language):
    """What a screen reader would miss: names of controls, landmarks, a place for notices, the language."""
    session = page.context.new_cdp_session(page)
    try:
        session.send("Accessibility.enable")
        nodes = [node for node in session.send("Accessibility.getFullAXTree")["nodes"]
                 if not node["ignored"]]
        role = lambda node: node["role"]["value"]
        name = lambda node: node.get("name", {}).get("value", "").strip()
        faults = []
        for node in nodes:
            if role(node) in NAMED and not name(node):
                element = session.send(
                    "DOM.describeNode", {"backendNodeId": node["backendDOMNodeId"]})["node"]
                faults.append(
                    f"a {role(node)} without a name: {element['nodeName']} "
                    f"{' '.join(element.get('attributes', []))[:80]}")
        if not name(nodes[0]):
            faults.append("the page has no title")
        roles = [role(node) for node in nodes]
        is_frame = page.evaluate("document.body.classList.contains('embed')")
        # What is behind a dialog is not there for anybody.
        if "dialog" not in roles:
            for landmark in ["main"] if is_frame else LANDMARKS:
                if roles.count(landmark) != 1:
                    faults.append(f"{roles.count(landmark)} landmarks of the kind {landmark}")
        speaks = lambda node: any(
            one["name"] == "live" and one["value"].get("value") in ("polite", "assertive")
            for one in node.get("properties", []))
        spoken = {node["backendDOMNodeId"] for node in nodes if speaks(node)}
        # A dialog has a place of its own, for the page behind it is not read.
        place = session.send("Runtime.evaluate", {"expression":
            "(document.querySelector('dialog:modal') ?? document).querySelector('.notices')"})
        if not is_frame:
            found = "objectId" in place["result"] and session.send(
                "DOM.describeNode", {"objectId": place["result"]["objectId"]})["node"]
            if not found or found["backendNodeId"] not in spoken:
                faults.append("notices are not read out")
    finally:
        session.detach()
    shown = page.evaluate("document.documentElement.lang")
    if shown != LANGUAGES[language]:
        faults.append(f"the page says that it is in {shown!r}, and is in {language}")
    return faults


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
