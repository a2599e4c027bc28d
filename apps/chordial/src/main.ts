// The `chordial` command: its subcommands, their options and help. What each does is in a file of its own.
import { Command } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { ControlFault } from './control-client.ts';
import { StartFault } from './host.ts';
import { ConfigurationFault, environmentName, flagName, optionList, optionNames } from './options.ts';
import { runLeave, runLookup, runRing, runStatus } from './questions.ts';
import { runBackup, runDelete, runGet, runPut, runRepair, runRestore, runScan } from './record-questions.ts';
import { tableNames } from './tables.ts';
import { drawToken } from './token.ts';
import { runUp } from './up.ts';

const program = new Command('chordial')
  .description('Chordial: a highly available SIP service on a Chord ring')
  .version(packageJson.version)
  .showHelpAfterError('(see --help)');

const up = program
  .command('up')
  .description('run a host of the ring in the foreground; SIGTERM or Ctrl-C drains and stops it');
for (const name of optionNames) {
  const { hint, help, fallback } = optionList[name];
  up.option(`--${flagName(name)} <${hint}>`, `${help} (default ${fallback}; ${environmentName(name)})`);
}
up.option('--config <FILE>', 'JSON file with any of these options by name (CHORDIAL_CONFIG)')
  .option('--json', 'print events as JSON lines')
  .addHelpText(
    'after',
    `
Examples:
  chordial up                                          64 peers on loopback, domain example.com
  chordial up --domain example.com --listen udp:192.0.2.10:5060 --peers 256
  CHORDIAL_PEERS=128 chordial up --config host.json    {"domain": ["example.com"], "lanes": 4}
  chordial up --listen-ring 192.0.2.10:7060 --token-file token --data /var/lib/chordial
                                                       founds a ring that other hosts can join
  chordial up --listen-ring 192.0.2.11:7060 --join 192.0.2.10:7060 --token-file token --data /var/lib/chordial

The command line goes before the environment, the environment before the file.`,
  )
  .action(runUp);

const controlHelp = 'where the host answers operators (CHORDIAL_CONTROL)';
program
  .command('status')
  .description('what a running host does: lanes, peers, users, traffic')
  .option('--control <ADDR:PORT>', controlHelp)
  .option('--json', 'print JSON')
  .addHelpText('after', '\nExample:\n  chordial status --json | jq .totals.location')
  .action(runStatus);
program
  .command('ring')
  .description('the hosts and peers of the ring, clockwise, and what each owns')
  .option('--check', 'ask every peer and judge the ring by its rules; exit code 1 when one is broken')
  .option('--svg <FILE>', 'write a picture of the ring')
  .option('--control <ADDR:PORT>', controlHelp)
  .option('--json', 'print JSON')
  .addHelpText('after', '\nExamples:\n  chordial ring --check\n  chordial ring --svg ring.svg')
  .action(runRing);
program
  .command('leave')
  .description('have a running host leave its ring, data first, and stop')
  .option('--control <ADDR:PORT>', controlHelp)
  .option('--json', 'print progress as JSON lines')
  .addHelpText('after', '\nExample:\n  chordial leave --control 127.0.0.1:8061')
  .action(runLeave);
program
  .command('token')
  .description('print a fresh random token for the hosts of a ring')
  .addHelpText('after', '\nExample:\n  (umask 077; chordial token > token)')
  .action(() => console.log(drawToken()));
program
  .command('lookup')
  .description('which peer serves a user, how a request gets there, and where the user is registered')
  .argument('<uri>', 'SIP URI of the user')
  .option('--control <ADDR:PORT>', controlHelp)
  .option('--json', 'print JSON')
  .addHelpText('after', '\nExample:\n  chordial lookup sip:alice@example.com')
  .action(runLookup);

const tableHelp = `one of ${tableNames.join(', ')}`;
program
  .command('get')
  .description('the record of a name, from its owner: values, context, and which hosts hold copies')
  .argument('<name>', 'of the record; in the table bindings user@domain')
  .option('--table <NAME>', `${tableHelp} (default records)`)
  .option('--control <ADDR:PORT>', controlHelp)
  .option('--json', 'print JSON')
  .addHelpText(
    'after',
    '\nExamples:\n  chordial get colour\n  chordial get alice@example.com --table bindings --json | jq .copies',
  )
  .action(runGet);
program
  .command('put')
  .description('keep a record on several hosts; done when enough of them have it on their disks')
  .argument('<name>', 'of the record')
  .argument('<value>', 'text')
  .option('--table <NAME>', 'records or ordered (default records)')
  .option('--ttl <S>', 'seconds after which it expires (default 0: never)')
  .option('--context <C>', 'replace what `get` showed with this context, and nothing else (default: whatever is there)')
  .option('--expected <C>', 'ordered: only if the record still has this context; empty: only if there is none')
  .option('--control <ADDR:PORT>', controlHelp)
  .option('--json', 'print JSON')
  .addHelpText(
    'after',
    `
Examples:
  chordial put colour blue --ttl 3600
  chordial put lock mine --table ordered --expected ''`,
  )
  .action(runPut);
program
  .command('delete')
  .description('remove a record from all hosts')
  .argument('<name>', 'of the record')
  .option('--table <NAME>', 'records or ordered (default records)')
  .option('--context <C>', 'remove what `get` showed with this context, and nothing else (default: whatever is there)')
  .option('--expected <C>', 'ordered: only if the record still has this context')
  .option('--control <ADDR:PORT>', controlHelp)
  .option('--json', 'print JSON')
  .addHelpText('after', '\nExample:\n  chordial delete colour')
  .action(runDelete);
program
  .command('scan')
  .description('the records that the store of a host holds, in the order of their keys')
  .option('--table <NAME>', `${tableHelp} (default: all)`)
  .option('--limit <N>', 'records at most (default 100)')
  .option('--host <N>', 'number of the host, or all: who holds what, and whether it is the same (default: this host)')
  .option('--after <PLACE>', 'the page after this place, which the page before named')
  .option('--control <ADDR:PORT>', controlHelp)
  .option('--json', 'print JSON')
  .addHelpText('after', '\nExamples:\n  chordial scan --table bindings --limit 20\n  chordial scan --host all --json')
  .action(runScan);
program
  .command('repair')
  .description('how the copies of this host are: drift of its ranges, repair, store; exit code 1 unless all is well')
  .option('--status', 'show it (the default)')
  .option('--watch', 'wait until the drift is 0')
  .option('--control <ADDR:PORT>', controlHelp)
  .option('--json', 'print JSON')
  .addHelpText('after', '\nExamples:\n  chordial repair --status\n  chordial repair --watch --control 127.0.0.1:8061')
  .action(runRepair);
program
  .command('backup')
  .description('have a running host write all its records to a file')
  .argument('<file>', 'a path on the machine of the host')
  .option('--control <ADDR:PORT>', controlHelp)
  .option('--json', 'print JSON')
  .addHelpText('after', '\nExample:\n  chordial backup /var/backups/chordial.records')
  .action(runBackup);
program
  .command('restore')
  .description('have a running host merge the records of a backup with what the ring has: the newer of both stays')
  .argument('<file>', 'a path on the machine of the host')
  .option('--old', 'also records that never expire of a file older than 10 days: what was removed since comes back')
  .option('--control <ADDR:PORT>', controlHelp)
  .option('--json', 'print JSON')
  .addHelpText('after', '\nExample:\n  chordial restore /var/backups/chordial.records')
  .action(runRestore);

try {
  await program.parseAsync();
} catch (failure) {
  const expected =
    failure instanceof StartFault || failure instanceof ControlFault || failure instanceof ConfigurationFault;
  console.error(expected ? `chordial: ${failure.message}` : failure);
  process.exitCode = 1;
}
