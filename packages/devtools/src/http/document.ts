import { createHash } from 'node:crypto'
import { PAGE } from './page-bundle.ts'

const source = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** An anchor in one colour; an image in the document itself, so that the browser requests none. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16' fill='none' stroke='%230072b2' stroke-width='2'%3E%3Ccircle cx='8' cy='3' r='1.8'/%3E%3Cpath d='M8 5v9M2.5 9c.5 3 2.5 5 5.5 5s5-2 5.5-5'/%3E%3C/svg%3E"

/** The page as one document. Its script and its style are in it, and nothing else may run, be loaded or be connected to. */
export const DOCUMENT = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Harbor</title>
<link rel="icon" href="${ICON}">
<style>${PAGE.style}</style>
</head>
<body>
<noscript>This page needs JavaScript.</noscript>
<script type="module">${PAGE.script}</script>
</body>
</html>
`

export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    `script-src ${source(PAGE.script)}`,
    `style-src ${source(PAGE.style)}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
}
