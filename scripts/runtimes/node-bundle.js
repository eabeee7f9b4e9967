/** Bundles node-program.js as one ES module for Node.js: without any option that helps it, or with the one that Harbor names. */
import { build } from 'esbuild'

const [outfile, withRequire] = process.argv.slice(2)
const js = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"
await build({
  entryPoints: ['./node-program.js'],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  logLevel: 'error',
  ...(withRequire && { banner: { js } }),
})
