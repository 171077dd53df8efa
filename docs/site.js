// What the theme leaves open: boxes that scroll can be reached by keyboard, the search has a name, and
// links to the next page are named by their text.
addEventListener("load", () => {
  for (const box of document.querySelectorAll("pre > code, .md-typeset__scrollwrap")) box.tabIndex = 0;
  for (const link of document.querySelectorAll(".md-footer__link")) link.ariaLabel = link.textContent.trim().replace(/\s+/g, " ");
  document.querySelector(".md-search")?.setAttribute("aria-label", "Search");
});
