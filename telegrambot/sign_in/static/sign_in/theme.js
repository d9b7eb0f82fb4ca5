// Light or dark as chosen in the admin, whose switch remembers it under this name; else as the system has it.
// Not deferred: the page must not flash in the other colours.
"use strict";
{
  const follow = () => {
    let chosen = null;
    try {
      chosen = JSON.parse(localStorage.getItem("adminTheme"));
    } catch {
      // Storage is switched off, or somebody else wrote there: then nothing is chosen.
    }
    document.documentElement.style.colorScheme = ["light", "dark"].includes(chosen) ? chosen : "";
  };
  follow();
  // Chosen in another tab meanwhile.
  window.addEventListener("storage", follow);
}
