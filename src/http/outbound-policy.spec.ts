import { describe, expect, it } from 'vitest';
import { parseAllowList } from '../kernel/allow-entry.js';
import { OutboundPolicy } from './outbound-policy.js';

const policy = (allow = '', allowLoopback = false) =>
  new OutboundPolicy({ allow: parseAllowList(allow).entries, allowLoopback });

describe('a URL on its way out', () => {
  it.each([
    ['https://hooks.example/a?b=c', 'hooks.example', 443],
    ['HTTP://Hooks.Example', 'hooks.example', 80],
    ['http://hooks.example:8080/', 'hooks.example', 8_080],
    ['https://93.184.216.34/', '93.184.216.34', 443],
    ['https://[2606:4700:4700::1111]:8443/', '2606:4700:4700::1111', 8_443],
    ['https://bücher.example/', 'xn--bcher-kva.example', 443],
    ['https://hooks.example./', null, null],
    ['ftp://hooks.example/', null, null],
    ['file:///etc/passwd', null, null],
    ['gopher://hooks.example:70/', null, null],
    ['javascript:alert(1)', null, null],
    ['//hooks.example/', null, null],
    ['hooks.example/path', null, null],
    ['', null, null],
    ['http://', null, null],
    ['http://user@hooks.example/', null, null],
    ['http://:secret@hooks.example/', null, null],
    ['http://hooks.example@127.0.0.1/', null, null],
    ['http://hooks.example\\@127.0.0.1/', null, null],
    ['http://127.0.0.1\\.hooks.example/', null, null],
    ['http://hooks.example/a b', null, null],
    [' http://hooks.example/', null, null],
    ['http://127.0.0.1\t.hooks.example/', null, null],
    ['http://127.0.0.1/', null, null],
    ['http://127.0.0.1:8080/', null, null],
    ['http://[::1]/', null, null],
    ['http://[::]/', null, null],
    ['http://0.0.0.0/', null, null],
    ['http://10.1.2.3/', null, null],
    ['http://169.254.169.254/latest/meta-data/', null, null],
    ['http://[fd00:ec2::254]/latest/meta-data/', null, null],
    ['http://[fe80::1]/', null, null],
    ['http://[fe80::1%25eth0]/', null, null],
    ['http://[::ffff:127.0.0.1]/', null, null],
    ['http://[::ffff:7f00:1]/', null, null],
    ['http://[::127.0.0.1]/', null, null],
    ['http://[64:ff9b::127.0.0.1]/', null, null],
    ['http://[2002:7f00:1::]/', null, null],
    ['http://2130706433/', null, null],
    ['http://0x7f000001/', null, null],
    ['http://0x7f.0.0.1/', null, null],
    ['http://017700000001/', null, null],
    ['http://0177.0.0.1/', null, null],
    ['http://127.1/', null, null],
    ['http://127.0.1/', null, null],
    ['http://127.0.0.1./', null, null],
    ['http://%31%32%37.0.0.1/', null, null],
    ['http://①②⑦.⓪.⓪.①/', null, null],
    ['http://１２７.０.０.１/', null, null],
    ['http://1572395042/', null, null],
    ['http://0x5db8d822/', null, null],
    ['http://hooks.example:0/', null, null],
    ['http://hooks.example:22/', null, null],
    ['http://hooks.example:25/', null, null],
    ['http://hooks.example:1023/', null, null],
    ['http://hooks.example:65536/', null, null],
  ])('%s', (text, host, port) => {
    if (host === null) {
      expect(() => policy().target(text)).toThrow(expect.objectContaining({ code: 'outbound.forbidden' }));
    } else {
      expect(policy().target(text)).toMatchObject({ host, port });
    }
  });

  it('may lead to public addresses only, every one of them', () => {
    const target = policy().target('https://hooks.example/');
    policy().admit(target, ['93.184.216.34', '2606:4700:4700::1111']);
    const mixed = () => policy().admit(target, ['93.184.216.34', '10.0.0.7']);
    expect(mixed).toThrow(expect.objectContaining({ code: 'outbound.forbidden' }));
    expect(mixed).toThrow(/private/);
    expect(mixed).not.toThrow(/10\.0\.0\.7/);
  });

  it('may reach what the operator lists, there and nowhere else', () => {
    const listed = policy('hooks.internal, 10.1.0.0/16, 192.168.7.7:8080, mail.example:25, [fd12::1]:9000');
    const reaches = (url: string, addresses: string[] = []) => {
      try {
        listed.admit(listed.target(url), addresses);
        return true;
      } catch {
        return false;
      }
    };
    expect(reaches('http://hooks.internal/', ['10.200.0.1', '127.0.0.1'])).toBe(true);
    expect(reaches('http://other.internal/', ['10.200.0.1'])).toBe(false);
    expect(reaches('http://sub.hooks.internal/', ['10.200.0.1'])).toBe(false);
    expect(reaches('http://other.internal/', ['10.1.200.1'])).toBe(true);
    expect(reaches('http://10.1.2.3/')).toBe(true);
    expect(reaches('http://[::ffff:10.1.2.3]/')).toBe(false);
    expect(reaches('http://192.168.7.7:8080/')).toBe(true);
    expect(reaches('http://192.168.7.7:8081/')).toBe(false);
    expect(reaches('http://mail.example:25/', ['93.184.216.34'])).toBe(true);
    expect(reaches('http://hooks.internal:25/', ['10.200.0.1'])).toBe(false);
    expect(reaches('http://[fd12::1]:9000/')).toBe(true);
    expect(reaches('http://[fd12::2]:9000/')).toBe(false);
  });

  it('may call back the machine itself where the deployment is its own', () => {
    const own = policy('', true);
    expect(own.target('http://127.0.0.1:9000/')).toMatchObject({ host: '127.0.0.1', port: 9_000 });
    own.admit(own.target('http://localhost:9000/'), ['127.0.0.1', '::1']);
    expect(() => own.target('http://10.0.0.1/')).toThrow(/private/);
    expect(() => own.target('http://2130706433/')).toThrow(/another way/);
  });
});
