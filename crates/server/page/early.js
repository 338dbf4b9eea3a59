// Sets the theme that was chosen before anything is painted; a classic script, because modules come later.
(function () {
  try {
    const theme = localStorage.getItem('theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  } catch { /* Storage may be forbidden: then the system's theme it is. */ }
})();
