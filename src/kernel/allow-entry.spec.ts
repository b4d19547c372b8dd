import { describe, expect, it } from 'vitest';
import { parseAllowEntry, parseAllowList } from './allow-entry.js';

describe('an entry of OUTBOUND_ALLOW', () => {
  it.each([
    ['hooks.internal', { kind: 'host', host: 'hooks.internal', port: null }],
    ['Hooks_1.Internal:8443', { kind: 'host', host: 'hooks_1.internal', port: 8_443 }],
    ['localhost', { kind: 'host', host: 'localhost', port: null }],
    ['10.1.2.3', { kind: 'network', address: '10.1.2.3', prefix: 32, port: null }],
    ['10.1.2.3:25', { kind: 'network', address: '10.1.2.3', prefix: 32, port: 25 }],
    ['10.0.0.0/8', { kind: 'network', address: '10.0.0.0', prefix: 8, port: null }],
    ['fd12::1', { kind: 'network', address: 'fd12::1', prefix: 128, port: null }],
    ['[fd12::1]:8080', { kind: 'network', address: 'fd12::1', prefix: 128, port: 8_080 }],
    ['fd00::/8', { kind: 'network', address: 'fd00::', prefix: 8, port: null }],
  ])('reads %s', (text, entry) => {
    expect(parseAllowEntry(text)).toEqual(entry);
  });

  it.each([
    '10.0.0.0/33',
    'fd00::/129',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    'hooks.internal/24',
    'hooks.internal:0',
    'hooks.internal:65536',
    'http://hooks.internal',
    '2130706433',
    '127.1',
    '[10.1.2.3]:80',
    'user@hooks.internal',
    '-hooks.internal',
    'hooks..internal',
    '*',
  ])('refuses %s', (text) => {
    expect(parseAllowEntry(text)).toBeNull();
  });

  it('names every one of a list that it cannot read', () => {
    const { entries, faulty } = parseAllowList(' a.example, http://b ,10.0.0.0/8\t*');
    expect(entries).toHaveLength(2);
    expect(faulty).toEqual(['http://b', '*']);
  });
});
