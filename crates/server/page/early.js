// What can not wait for the modules: the theme that was chosen, before anything is painted; and the question for the trace that the address
// names, which is answered while the modules come. A classic script.
(function () {
  try {
    const theme = localStorage.getItem('theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  } catch { /* Storage may be forbidden: then the system's theme it is. */ }
  const trace = /^\/trace\/([0-9a-f]{32})$/.exec(location.pathname);
  if (trace) {
    const address = `/api/v1/traces/${trace[1]}`;
    const answer = fetch(address, { headers: { accept: 'application/json' } });
    // Whoever takes it looks at the failure; until then it is none.
    answer.catch(() => {});
    globalThis.early = { address, answer };
  }
})();
