// How far each person has read each chat; this browser remembers it.
const KEY = "sandbox-read";

const load = () => {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
};

export const lastRead = (person, chat) => load()[`${person}:${chat}`] ?? 0;

export function markRead(person, chat, message) {
  if (message > lastRead(person, chat)) {
    localStorage.setItem(KEY, JSON.stringify({ ...load(), [`${person}:${chat}`]: message }));
  }
}

export const forgetRead = () => localStorage.removeItem(KEY);
