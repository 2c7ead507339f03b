// Console: the wall is one tab stop moved by arrow keys; sheets and dialogs; live updates.
'use strict';

(() => {
  const doors = (wall) => [...wall.querySelectorAll('a.door')];

  // Exactly one door of a wall is a tab stop. Without this script each of them is.
  const rove = (wall, chosen) => {
    const all = doors(wall);
    const stop = chosen ?? all.find((d) => d.tabIndex === 0 && d.hasAttribute('tabindex')) ?? all[0];
    for (const d of all) d.tabIndex = d === stop ? 0 : -1;
  };
  const roveAll = () => document.querySelectorAll('[data-wall]').forEach((w) => rove(w));

  document.addEventListener('focusin', (e) => {
    const door = e.target.closest?.('[data-wall] a.door');
    if (door) rove(door.closest('[data-wall]'), door);
  });
  document.addEventListener('keydown', (e) => {
    const door = e.target.closest?.('[data-wall] a.door');
    if (!door || e.altKey || e.ctrlKey || e.metaKey) return;
    const all = doors(door.closest('[data-wall]'));
    let next = null;
    if (e.key.startsWith('Arrow')) next = ui.neighbour(door, e.key, all);
    else if (e.key === 'Home') next = all[0];
    else if (e.key === 'End') next = all[all.length - 1];
    else return;
    e.preventDefault();
    next?.focus();
  });

  // News for screen readers: faults at once, everything else gathered for 10 s. The words are
  // those of the doors themselves.
  const gathered = new Map();
  let timer = 0;
  const tell = () => {
    clearTimeout(timer);
    timer = 0;
    const news = document.getElementById('news');
    if (news && gathered.size) news.textContent = [...gathered.values()].slice(-5).join('. ');
    gathered.clear();
  };
  const noteChange = (door) => {
    gathered.set(door.id, door.textContent.replace(/\s+/g, ' ').replace(/ ,/g, ',').trim());
    door.classList.remove('hit');
    requestAnimationFrame(() => door.classList.add('hit'));
    if (door.dataset.s === 'fault') tell();
    else timer ||= setTimeout(tell, 10000);
  };
  new MutationObserver((changes) => {
    for (const c of changes) {
      if (c.target.matches('[data-wall] .door') && c.oldValue !== c.target.dataset.s) noteChange(c.target);
    }
  }).observe(document.documentElement, { subtree: true, attributes: true, attributeFilter: ['data-s'], attributeOldValue: true });

  // Dialogs.
  const sheet = () => document.getElementById('sheet');
  document.addEventListener('click', (e) => {
    const opener = e.target.closest('[data-dialog]');
    if (opener) {
      document.getElementById(opener.dataset.dialog)?.showModal();
      return;
    }
    const closer = e.target.closest('[data-close]');
    const dialog = closer?.closest('dialog');
    if (dialog) {
      e.preventDefault();
      dialog.close();
    } else if (e.target.matches('dialog.sheet')) {
      const box = e.target.getBoundingClientRect(); // a click on the backdrop
      if (e.clientX < box.left || e.clientX > box.right || e.clientY < box.top || e.clientY > box.bottom) e.target.close();
    }
  });
  document.addEventListener('close', (e) => {
    if (e.target === sheet()) e.target.replaceChildren();
  }, true);

  // A form that was taken begins again: a morph alone would leave what was typed, to be sent twice.
  const freshen = () => document.querySelectorAll('form[data-fresh]').forEach((form) => {
    form.removeAttribute('data-fresh');
    form.reset();
    form.querySelector('input:not([type=hidden])')?.focus();
  });

  document.addEventListener('htmx:after:swap', () => {
    roveAll();
    freshen();
    const s = sheet();
    if (s?.childElementCount && !s.open) s.showModal();
  });
  document.addEventListener('htmx:after:settle', (e) => ui.focusErrors(e.target));

  // The live pill, and pausing: the stream ends with its element and starts again with a copy.
  let connection = null;
  let paused = false;
  const pill = (on, text) => {
    const live = document.getElementById('live');
    if (!live) return;
    live.toggleAttribute('data-off', !on);
    const label = live.querySelector('.live-text');
    if (label.textContent !== text(live.dataset)) label.textContent = text(live.dataset);
  };
  document.addEventListener('htmx:sse:after:connection', (e) => {
    connection = e.detail.connection;
    pill(true, (t) => t.on);
  });
  const broken = () => pill(false, (t) => t.offText);
  document.addEventListener('htmx:sse:error', broken);
  document.addEventListener('htmx:sse:close', (e) => e.detail.reason === 'ended' && broken());
  document.addEventListener('click', (e) => {
    const button = e.target.closest('[data-pause]');
    if (!button) return;
    paused = !paused;
    button.textContent = paused ? button.dataset.resumeText : button.dataset.pauseText;
    document.querySelectorAll('[data-stream]').forEach((stream) => {
      ui.restart(stream, !paused);
      connection?.reader?.cancel();
    });
    if (paused) pill(false, (t) => t.pausedText);
  });

  // Toasts leave after 8 s, unless somebody is reading or about to press.
  const expire = (toast) => {
    let left = 8;
    const tick = setInterval(() => {
      if (!toast.isConnected) clearInterval(tick);
      else if (!toast.matches(':hover, :focus-within') && --left <= 0) toast.remove();
    }, 1000);
  };
  const watchToasts = () => document.querySelectorAll('[data-toast]').forEach((t) => {
    t.removeAttribute('data-toast');
    expire(t);
  });
  document.addEventListener('click', (e) => e.target.closest('[data-close-toast]')?.closest('.toast').remove());
  document.addEventListener('htmx:after:swap', watchToasts);

  document.addEventListener('DOMContentLoaded', () => {
    roveAll();
    watchToasts();
  });
})();

// A signature: what a pen, a finger or a mouse draws becomes text, "W H;x,y x,y;x,y".
const signPads = () => document.querySelectorAll('[data-sign]').forEach((pad) => {
  if (pad.hasAttribute('data-on')) return;
  pad.setAttribute('data-on', '');
  const canvas = pad.querySelector('canvas');
  const out = pad.querySelector('input');
  const pen = canvas.getContext('2d');
  let strokes = [];
  let line = null;
  let points = 0;
  const at = (e) => {
    const box = canvas.getBoundingClientRect();
    const within = (v, most) => Math.max(0, Math.min(most, Math.round(v)));
    return [within((e.clientX - box.left) * canvas.width / box.width, canvas.width),
      within((e.clientY - box.top) * canvas.height / box.height, canvas.height)];
  };
  const ink = (from, to) => {
    pen.lineWidth = 4;
    pen.lineCap = 'round';
    pen.strokeStyle = getComputedStyle(canvas).color;
    pen.beginPath();
    pen.moveTo(...from);
    pen.lineTo(...to);
    pen.stroke();
  };
  canvas.addEventListener('pointerdown', (e) => {
    if (points >= 600 || strokes.length >= 100) return;
    canvas.setPointerCapture(e.pointerId);
    line = [at(e)];
    points += 1;
    strokes.push(line);
    ink(line[0], line[0]);
  });
  canvas.addEventListener('pointermove', (e) => {
    if (!line || points >= 600) return;
    const last = line[line.length - 1];
    const next = at(e);
    if (Math.hypot(next[0] - last[0], next[1] - last[1]) < 5) return;
    ink(last, next);
    line.push(next);
    points += 1;
  });
  const lift = () => {
    line = null;
    out.value = strokes.length ? `${canvas.width} ${canvas.height};${strokes.map((s) => s.join(' ')).join(';')}` : '';
  };
  canvas.addEventListener('pointerup', lift);
  canvas.addEventListener('pointercancel', lift);
  pad.querySelector('[data-clear]').addEventListener('click', () => {
    strokes = [];
    points = 0;
    pen.clearRect(0, 0, canvas.width, canvas.height);
    lift();
  });
});
document.addEventListener('DOMContentLoaded', signPads);
document.addEventListener('htmx:after:swap', signPads);
