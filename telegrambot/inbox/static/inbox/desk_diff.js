// What an operator changed in a suggestion, word by word.
"use strict";

window.showChanges = (box, before, after) => {
  const split = (text) => text.match(/\s+|[^\s]+/g) || [];
  const a = split(before);
  const b = split(after);

  // How many words the two have in common from each place on.
  const width = b.length + 1;
  const common = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] = a[i] === b[j]
        ? common[(i + 1) * width + j + 1] + 1
        : Math.max(common[(i + 1) * width + j], common[i * width + j + 1]);
    }
  }

  const parts = [];
  const add = (kind, word) => {
    const last = parts[parts.length - 1];
    if (last && last.kind === kind) last.text += word;
    else parts.push({ kind, text: word });
  };
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      add("", a[i++]);
      j++;
    } else if (j === b.length || (i < a.length && common[(i + 1) * width + j] >= common[i * width + j + 1])) {
      add("del", a[i++]);
    } else {
      add("ins", b[j++]);
    }
  }
  box.replaceChildren(...parts.map(({ kind, text }) => {
    if (!kind) return document.createTextNode(text);
    const node = document.createElement(kind);
    node.textContent = text;
    return node;
  }));
};
