// What a recipient takes home: one archive that ordinary programs read, names that are safe on any
// system, and files that are shown only as what their first bytes say.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import zlib from 'node:zlib';

import { load } from './support/load.mjs';

const { zipOf, uniqueNames, crc32, savedName, endingOf, kindOf } = await load('web/client/zip.ts', 'web/client/file_name.ts', 'web/client/kinds.ts');

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'secure-mail-zip-'));
after(() => fs.rmSync(folder, { recursive: true }));

async function archive(files) {
  const blob = await zipOf(files.map(([name, content]) => ({ name, content: new Blob([content]) })), new Date(2026, 10, 24, 14, 5, 6));
  const file = path.join(folder, 'copy.zip');
  fs.writeFileSync(file, Buffer.from(await blob.arrayBuffer()));
  return file;
}

// Another reader than ours: Python's, which checks every CRC too.
function read(file) {
  const program =
    'import base64,json,sys,zipfile\n' +
    'z=zipfile.ZipFile(sys.argv[1])\n' +
    'assert z.testzip() is None\n' +
    'print(json.dumps([[i.filename,list(i.date_time),base64.b64encode(z.read(i)).decode()] for i in z.infolist()]))';
  return JSON.parse(execFileSync('python3', ['-c', program, file], { maxBuffer: 1 << 28 }));
}

test('another program reads the archive: names, times and every byte', async () => {
  const large = Buffer.alloc(3_000_017, 'secure mail ');
  const files = [['bericht.txt', 'Geachte heer'], ['bijlagen/röntgen 日本.png', large], ['bijlagen/leeg', '']];

  const found = read(await archive(files));

  assert.deepEqual(found.map(([name]) => name), files.map(([name]) => name));
  for (const [i, [, when, content]] of found.entries()) {
    assert.deepEqual(when, [2026, 11, 24, 14, 5, 6]);
    assert.ok(Buffer.from(content, 'base64').equals(Buffer.from(files[i][1])));
  }
});

test('an archive of nothing is an archive', async () => assert.deepEqual(read(await archive([])), []));

test('what the form cannot hold is refused', async () => {
  const many = Array.from({ length: 65_536 }, (_, i) => ({ name: `${i}`, content: new Blob([]) }));
  await assert.rejects(zipOf(many, new Date()), { word: 'too-large' });
});

test('CRC-32 is that of zlib, in one piece or in several', () => {
  const bytes = Buffer.from('123456789');
  assert.equal(crc32(bytes), 0xcbf43926);
  assert.equal(crc32(bytes.subarray(4), crc32(bytes.subarray(0, 4))), 0xcbf43926);
  if (zlib.crc32) assert.equal(crc32(bytes), zlib.crc32(bytes));
});

test('names in the archive are unique, whatever the case', () => {
  assert.deepEqual(uniqueNames(['a.txt', 'A.txt', 'a (2).txt', 'a.txt', 'b', 'b', '.x', '.x']), ['a.txt', 'A (2).txt', 'a (2) (2).txt', 'a (3).txt', 'b', 'b (2)', '.x', '.x (2)']);
});

test('a file is saved under a name that is safe on any system', () => {
  const rows = [
    ['brief.pdf', 'brief.pdf'], ['../../etc/passwd', '_.._etc_passwd'], ['C:\\Users\\x.exe', 'C__Users_x.exe'], ['con', '_con'], ['NUL.txt', '_NUL.txt'], ['com1.pdf', '_com1.pdf'],
    ['console.txt', 'console.txt'], ['.bashrc', 'bashrc'], ['a.txt. . ', 'a.txt'], ['..', '_'], ['   ', '_'], ['evil\u202egpj.exe', 'evil_gpj.exe'], ['a\u200b.exe', 'a.exe'],
    ['a\r\nb.txt', 'a__b.txt'], ['<img src=x>.png', '_img src=x_.png'], ['a|b?c*"d.txt', 'a_b_c__d.txt'], ['مرحبا.pdf', 'مرحبا.pdf'],
  ];
  for (const [given, saved] of rows) assert.equal(savedName(given), saved, given);
  assert.ok(Buffer.byteLength(savedName('é'.repeat(300) + '.pdf')) <= 255);
  assert.ok(savedName('é'.repeat(300) + '.pdf').endsWith('.pdf'));
});

test('an ending is the last one, in lower case', () => {
  assert.deepEqual(['a.PDF', 'a.tar.gz', 'a', '.x', 'a.', 'a.b c', 'x.jpg.exe'].map(endingOf), ['pdf', 'gz', '', '', '', '', 'exe']);
});

test('only what begins as an image or a PDF is shown', () => {
  const of = (text) => kindOf(Buffer.from(text, 'latin1'));
  assert.equal(of('\x89PNG\r\n\x1a\nxxxx'), 'image/png');
  assert.equal(of('\xff\xd8\xff\xe0'), 'image/jpeg');
  assert.equal(of('GIF89a'), 'image/gif');
  assert.equal(of('RIFF1234WEBPVP8 '), 'image/webp');
  assert.equal(of('%PDF-1.7'), 'application/pdf');
  for (const text of ['', '<svg xmlns', '<html>', '\n%PDF-1.7', 'RIFF1234WAVE', 'GIF89', 'BM', '\x89PN', '<!--%PDF-1.4', 'PK\x03\x04']) assert.equal(of(text), null, text);
});
