// Shows "One moment" while the controller restarts; the page tries again each second.
'use strict';

const VERSION = '{{version}}';
const KEEP = ['{{keep}}'];
const OFFLINE = '{{offline}}';

self.addEventListener('install', (e) => {
  e.waitUntil(caches.open(VERSION).then((c) => c.addAll(KEEP)).then(() => self.skipWaiting()));
});

self.addEventListener('activate', (e) => {
  e.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== VERSION) await caches.delete(name);
    await self.clients.claim();
  })());
});

const moment = () => new Response(OFFLINE, { status: 503, headers: { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' } });

self.addEventListener('fetch', (e) => {
  const url = new URL(e.request.url);
  if (url.origin !== self.location.origin) return;
  if (e.request.mode === 'navigate') e.respondWith(fetch(e.request).catch(moment));
  else if (e.request.method === 'GET' && url.pathname.startsWith('/assets/')) {
    e.respondWith(caches.match(e.request).then((kept) => kept ?? fetch(e.request)));
  }
});
