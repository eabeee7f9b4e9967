import { defineConfig, type Options } from 'tsup'

/** How every published package is built: one ESM bundle with its declarations, dependencies left outside. */
export default defineConfig({
  entry: ['src/index.ts'],
  format: 'esm',
  target: 'node22',
  platform: 'neutral',
  // Node's own modules keep their prefix: it is what other runtimes know them by.
  removeNodeProtocol: false,
  external: [/^node:/],
  // Bundled into every package, so that each stays free of dependencies.
  noExternal: ['@harbor/parts'],
  plugins: [withoutPrivatePaths(), withClassNames()],
  dts: true,
  sourcemap: true,
  clean: true,
  treeshake: true,
})

/**
 * esbuild turns `class X` into `var X = class _X` if the class mentions itself, so that its name, which errors, consoles and the user
 * agent of a client show, would be `_X`. Inside the class both names mean the same.
 */
function withClassNames(): Plugin {
  return {
    name: 'with-class-names',
    renderChunk: (code) => ({
      code: [...code.matchAll(/^var (\w+) = class _\1\b/gm)].reduce(
        (text, [, name = '']) => text.replaceAll(new RegExp(`\\b_${name}\\b`, 'g'), name),
        code,
      ),
    }),
  }
}

type Plugin = NonNullable<Options['plugins']>[number]

/** What is bundled in from a private package is published as the package's own: no path leads to a folder that users do not have. */
function withoutPrivatePaths(): Plugin {
  return {
    name: 'without-private-paths',
    renderChunk(code, info) {
      // The map is the text of a JSON file here, which the typings do not say.
      const map: unknown = info.map
      if (typeof map === 'string')
        Object.assign(info, {
          map: map.replaceAll('../parts/src/', 'src/shared/').replaceAll('@harbor/parts', '#shared'),
        })
      return { code: code.replaceAll('// ../parts/src/', '// src/shared/') }
    },
  }
}
