// The theme that was chosen in the app's menu, else the system's.
// Streamlit keeps the choice under such a name (checked in Streamlit 1.67).

const name = Object.keys(localStorage).find((key) => /^stActiveTheme-.*-v\d+$/.test(key));
const chosen = (name && localStorage.getItem(name)) ?? "";
const system = matchMedia("(prefers-color-scheme: dark)");

function dress() {
  const isDark = /dark/i.test(chosen) || (!/light/i.test(chosen) && system.matches);
  document.documentElement.classList.toggle("dark", isDark);
}

system.addEventListener("change", dress);
dress();
