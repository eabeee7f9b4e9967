/** Removes private packages of the workspace from a manifest that is packed: its users cannot install them. */
function withoutPrivatePackages(manifest) {
  const { devDependencies, ...rest } = manifest
  const kept = Object.entries(devDependencies ?? {}).filter(([name]) => !PRIVATE.includes(name))
  return kept.length === 0 ? rest : { ...rest, devDependencies: Object.fromEntries(kept) }
}

const PRIVATE = ['@harbor/parts']

export const hooks = { beforePacking: withoutPrivatePackages }
