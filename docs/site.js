// What the theme leaves open: boxes that scroll can be reached by keyboard, and the search has a name.
addEventListener("load", () => {
  for (const box of document.querySelectorAll("pre > code, .md-typeset__scrollwrap")) box.tabIndex = 0;
  document.querySelector(".md-search")?.setAttribute("aria-label", "Search");
});
