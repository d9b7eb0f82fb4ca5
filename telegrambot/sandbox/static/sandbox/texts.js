// The sentences of the page, translated by the server.
export const texts = JSON.parse(document.getElementById("texts").textContent);
