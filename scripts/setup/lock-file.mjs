const OS = {
  android: 'android',
  darwin: 'darwin',
  freebsd: 'freebsd',
  linux: 'linux',
  openharmony: 'openharmony',
  win32: 'win32',
  windows: 'win32',
};
const CPU = ['arm64', 'arm', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64'];
const LIBC = { gnu: 'glibc', gnueabihf: 'glibc', musl: 'musl', musleabihf: 'musl' };

/**
 * The optional packages that the lock asks for and does not describe. npm writes such a lock where its registry lacks
 * the packages of other platforms, and `npm ci` then refuses it.
 * @param lock the parsed package-lock.json
 * @returns {{parent: string, name: string, version: string}[]}
 */
export function missingOptionals({ packages }) {
  return Object.entries(packages).flatMap(([parent, { optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !isResolvable(packages, parent, name))
      .map(([name, version]) => ({ parent, name, version })),
  );
}

/** The names of packages whose entry holds a download address, which would bind every user to one server. */
export function addresses({ packages }) {
  return Object.entries(packages)
    .filter(([, { resolved }]) => resolved?.includes('://'))
    .map(([path]) => path);
}

/** @returns the lock with the missing optional packages described by what their names tell, and without addresses */
export function completed(lock) {
  const packages = { ...lock.packages };
  for (const { parent, name, version } of missingOptionals(lock)) {
    packages[`node_modules/${name}`] = describe(name, version, packages[parent]);
  }
  for (const path of addresses(lock)) delete packages[path].resolved;
  const sorted = Object.entries(packages).toSorted(([one], [other]) => one.localeCompare(other, 'en'));
  return { ...lock, packages: Object.fromEntries(sorted) };
}

/** Node's own search: the parent's node_modules, then every one above it. */
function isResolvable(packages, parent, name) {
  for (let at = parent; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    if (packages[`${at ? `${at}/` : ''}node_modules/${name}`]) return true;
    if (!at) return false;
  }
}

function describe(name, version, { dev, devOptional }) {
  if (!/^\d+\.\d+\.\d+/.test(version)) {
    throw new Error(
      `${name}@${version} names a range, and the lock does not say which version it means: run npm install first`,
    );
  }
  const words = name.split(/[/-]/);
  const os = words.map((word) => OS[word]).find(Boolean);
  const cpu = words.find((word) => CPU.includes(word));
  const libc = os === 'linux' ? words.map((word) => LIBC[word]).find(Boolean) : undefined;
  if (!os || !cpu)
    throw new Error(`${name} does not tell its platform in its name: add it to the lock by hand`);
  return {
    version,
    cpu: [cpu],
    ...(dev && { dev }),
    ...(devOptional && { devOptional }),
    ...(libc && { libc: [libc] }),
    optional: true,
    os: [os],
  };
}
