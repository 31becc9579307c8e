(function () {
  var form = document.getElementById('filter');
  if (!form) { return; }
  form.hidden = false;
  var rows = Array.prototype.slice.call(document.querySelectorAll('tr[data-verdict]'));
  var groups = Array.prototype.slice.call(document.querySelectorAll('details[data-group]'));
  var count = document.getElementById('count');
  function apply() {
    var words = document.getElementById('words').value.toLowerCase().split(/\s+/).filter(Boolean);
    var verdict = document.getElementById('verdict').value, strength = document.getElementById('strength').value;
    var narrowed = words.length || verdict || strength, shown = 0;
    rows.forEach(function (row) {
      var text = row.textContent.toLowerCase();
      var fits = (!verdict || row.dataset.verdict === verdict) && (!strength || row.dataset.strength === strength) &&
        words.every(function (word) { return text.indexOf(word) >= 0; });
      row.hidden = !fits;
      shown += fits ? 1 : 0;
    });
    groups.forEach(function (group) {
      var some = group.querySelector('tr[data-verdict]:not([hidden])');
      group.hidden = !some;
      if (narrowed && some) { group.open = true; }
    });
    count.textContent = shown + ' of ' + rows.length + ' requirements';
  }
  form.addEventListener('input', apply);
  form.addEventListener('submit', function (event) { event.preventDefault(); });
  apply();
}());
(function () {
  var opened = [];
  document.addEventListener('toggle', function (event) {
    event.target.querySelectorAll('pre').forEach(function (pre) {
      var mark = pre.querySelector('mark');
      if (mark) { pre.scrollTop = mark.offsetTop - pre.clientHeight / 3; }
    });
  }, true);
  window.addEventListener('beforeprint', function () {
    opened = Array.prototype.slice.call(document.querySelectorAll('details:not([open]):not(.long)'));
    opened.forEach(function (each) { each.open = true; });
  });
  window.addEventListener('afterprint', function () {
    opened.forEach(function (each) { each.open = false; });
  });
}());
