// Phones: keep the page for when there is no network.
'use strict';

if (document.body.dataset.worker) {
  navigator.serviceWorker?.register(document.body.dataset.worker).catch(() => {
    // private windows refuse workers; the page works, only not offline
  });
}
