// What every face needs: no double submits, focus on errors, copy buttons, moving by arrow keys.
'use strict';

const ui = {};

// A form is sent once: a second press while the first is on its way does nothing.
document.addEventListener('submit', (e) => {
  const form = e.target;
  if (form.method === 'dialog') return;
  if (form.dataset.sending) {
    e.preventDefault();
    e.stopImmediatePropagation();
    return;
  }
  form.dataset.sending = '1';
  e.submitter?.setAttribute('aria-busy', 'true');
}, true);

ui.release = () => {
  for (const form of document.querySelectorAll('[data-sending]')) delete form.dataset.sending;
  for (const button of document.querySelectorAll('[aria-busy]')) button.removeAttribute('aria-busy');
};
document.addEventListener('htmx:finally:request', ui.release);
window.addEventListener('pageshow', ui.release); // back from the page that the form led to

// The error summary takes the focus when it appears, and its links focus their fields.
ui.focusErrors = (root) => root.querySelector('[data-focus]')?.focus();
document.addEventListener('DOMContentLoaded', () => ui.focusErrors(document));
document.addEventListener('click', (e) => {
  const link = e.target.closest('.errsum a[href^="#"]');
  const field = link && document.getElementById(link.hash.slice(1));
  if (!field) return;
  e.preventDefault();
  field.focus();
  field.scrollIntoView({ block: 'center' });
});

document.addEventListener('click', async (e) => {
  const button = e.target.closest('[data-copy]');
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    return; // no permission: the code can still be selected by hand
  }
  const text = button.querySelector('[role=status]');
  const before = text.textContent;
  text.textContent = button.dataset.copied;
  setTimeout(() => { text.textContent = before; }, 3000);
});

// A scanner ends with Enter: in a field that names the next one it moves on instead of sending the form.
document.addEventListener('keydown', (e) => {
  const next = e.key === 'Enter' && e.target.dataset?.next && document.getElementById(e.target.dataset.next);
  if (!next) return;
  e.preventDefault();
  next.focus();
});

// ui.neighbour finds the element that lies next to another in the direction of an arrow key, as
// the eye sees it, whatever the direction of reading.
ui.neighbour = (from, key, all) => {
  const a = from.getBoundingClientRect();
  const vertical = key === 'ArrowUp' || key === 'ArrowDown';
  const sign = key === 'ArrowDown' || key === 'ArrowRight' ? 1 : -1;
  let best = null;
  let bestCost = Infinity;
  for (const el of all) {
    if (el === from) continue;
    const b = el.getBoundingClientRect();
    if (!b.width || !b.height) continue;
    const ahead = vertical ? (sign > 0 ? b.top - a.bottom : a.top - b.bottom) : (sign > 0 ? b.left - a.right : a.left - b.right);
    if (ahead < -4) continue;
    const overlap = vertical
      ? Math.min(a.right, b.right) - Math.max(a.left, b.left)
      : Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    // Overlapping elements first, then the nearest; ties go to the one that begins level with this.
    const offset = vertical ? Math.abs(b.left - a.left) : Math.abs(b.top - a.top);
    const cost = Math.max(ahead, 0) * 4 + (overlap > 0 ? 0 : 10000 - overlap) + offset / 10;
    if (cost < bestCost) {
      bestCost = cost;
      best = el;
    }
  }
  return best;
};

// ui.restart begins a stream again with a fresh copy of its element: the server answers with the
// present state.
ui.restart = (stream, run = true) => {
  const copy = stream.cloneNode(false);
  copy.removeAttribute('data-htmx-powered');
  stream.replaceWith(copy);
  if (run) htmx.process(copy);
};

// The SSE extension reconnects a stream that once ran; one that never began is tried again here.
document.addEventListener('htmx:finally:request', (e) => {
  const stream = e.target;
  if (!stream.matches?.('[data-stream]') || e.detail.ctx.response?.status === 200) return;
  setTimeout(() => stream.isConnected && ui.restart(stream), 3000);
});
