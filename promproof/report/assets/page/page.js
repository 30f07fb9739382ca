// Filters the claims, and opens the one that a link names. The page says everything without it.
"use strict";
(() => {
  const form = document.querySelector(".filter");
  const claims = [...document.querySelectorAll(".claim")];
  let texts; // read when they are first asked for
  const noun = " " + (form.dataset.noun || "claims");
  const all = claims.length + (claims.length === 1 ? noun.slice(0, -1) : noun);
  const said = form.querySelector("output");
  const filter = () => {
    const words = form.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const kind = form.kind.value, verdict = form.verdict.value;
    texts ??= claims.map((claim) => claim.textContent.replace(/[\u2068\u2069]/g, "").toLowerCase());
    let shown = 0;
    claims.forEach((claim, index) => {
      const fits = (!kind || claim.dataset.kind === kind) && (!verdict || claim.classList.contains(verdict))
        && words.every((word) => texts[index].includes(word));
      claim.hidden = !fits;
      shown += fits;
    });
    said.textContent = shown === claims.length ? all : shown + " of " + claims.length + noun;
  };
  const open = () => {
    const claim = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!claim || !claim.classList.contains("claim")) return;
    claim.hidden = false;
    claim.open = true;
    claim.scrollIntoView({ block: "center", behavior: "instant" });
  };
  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", open);
  // a browser may keep what was typed before the page was loaded again
  if (form.text.value || form.kind.value || form.verdict.value) filter();
  else said.textContent = all;
  open();
  document.body.dataset.ready = "yes";
})();
