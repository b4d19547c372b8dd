import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { platform } from 'node:process';

/** Why it cannot be told here whose a connection is; nothing when it can. */
export const missingOwners = (): string | null =>
  platform === 'linux' ? null : 'only Linux tells whose a connection is';

/** Which of these processes connects from this port of 127.0.0.1, as Linux tells below `/proc`. */
export function ownerOf<P extends { pid: number }>(port: number, processes: readonly P[]): P {
  const inode = inodeOf(port);
  const owner = processes.find(({ pid }) => opened(pid).includes(`socket:[${inode}]`));
  if (!owner) throw new Error(`none of our processes connects from port ${port}`);
  return owner;
}

/** proc_net_tcp(5): the local address in the second column, in hexadecimal; the inode in the tenth. */
function inodeOf(port: number): string {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const connections = readFileSync('/proc/net/tcp', 'utf8').split('\n');
  const fields = connections.map((line) => line.trim().split(/\s+/)).find(([, from]) => from === local);
  return fields?.[9] ?? 'none';
}

function opened(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((file) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${file}`);
    } catch {
      return []; // closed meanwhile
    }
  });
}
