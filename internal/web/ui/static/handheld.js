// Phones: keep the page for when there is no network.
'use strict';

if (document.body.dataset.worker) {
  navigator.serviceWorker?.register(document.body.dataset.worker).catch(() => {
    // private windows refuse workers; the page works, only not offline
  });
}

// Have this phone told. The button is there only where browsers can be asked.
const push = document.querySelector('[data-push]');
if (push && 'PushManager' in window && navigator.serviceWorker) {
  push.hidden = false;
  push.addEventListener('click', async () => {
    try {
      const worker = await navigator.serviceWorker.ready;
      const got = (await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: push.dataset.push })).toJSON();
      const body = new URLSearchParams({ endpoint: got.endpoint, p256dh: got.keys.p256dh, auth: got.keys.auth });
      const answer = await fetch(push.dataset.pushTo, { method: 'POST', body });
      if (!answer.ok) throw new Error(answer.status);
      location.assign(answer.url);
    } catch {
      push.disabled = true;
      push.textContent = push.dataset.pushRefused;
    }
  });
}
