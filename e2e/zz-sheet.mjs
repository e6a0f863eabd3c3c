import { chromium } from 'playwright-core';
const [out, w, h, ...files] = process.argv.slice(2);
const b = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox','--disable-gpu','--allow-file-access-from-files'] });
const p = await b.newPage({ viewport: { width: files.length * (Number(w)+6), height: Number(h) } });
import { writeFileSync } from 'node:fs';
writeFileSync('/tmp/sheet.html', `<body style="margin:0;background:#f0f;display:flex;gap:6px">${files.map(f => { const [n, off=0] = f.split('@'); return `<div style="width:${w}px;height:${h}px;overflow:hidden;flex:none"><img style="width:${w}px;margin-top:-${off}px" src="file:///tmp/shots/pages/${n}.png"></div>`; }).join('')}`);
await p.goto('file:///tmp/sheet.html'); 
await p.screenshot({ path: out });
await b.close();
