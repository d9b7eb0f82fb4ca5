// Moments in the reader's own zone and language.
import { texts } from "./texts.js";

const language = document.documentElement.lang;
const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
const precise = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dayAndMonth = new Intl.DateTimeFormat(language, { day: "numeric", month: "long" });
const shortDay = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });

const midnight = (moment) => new Date(moment).setHours(0, 0, 0, 0);

export function showTimes(root) {
  for (const time of root.querySelectorAll("time")) {
    const moment = new Date(time.dateTime);
    const isOld = "short" in time.dataset && midnight(moment) !== midnight(Date.now());
    time.textContent = (isOld ? shortDay : clock).format(moment);
    time.title = moment.toLocaleString(language);
  }
}

export const toTheSecond = (iso) => precise.format(new Date(iso));

export function dayName(moment) {
  const days = Math.round((midnight(Date.now()) - midnight(moment)) / 86_400_000);
  if (days === 0) return texts.today;
  return days === 1 ? texts.yesterday : dayAndMonth.format(moment);
}
