// Runs before the app, so that a page opened in the dark never flashes white.
(function () {
  var mode = 'system';
  try {
    mode = localStorage.getItem('qp-theme') || 'system';
  } catch (error) {
    // Storage may be forbidden; the system's choice is then good enough.
  }
  var dark = mode === 'dark' || (mode === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-theme', dark ? 'dark' : 'light');
  document.documentElement.style.backgroundColor = dark ? '#0e1116' : '#f5f6f8';
})();
