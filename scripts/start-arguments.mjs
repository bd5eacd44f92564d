// Arguments of `npm start` and `npm run dev`.
import { parseArgs } from 'node:util';

/** Ends the program with the usage when they are wrong. */
export function readStartArguments(args, usage) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        port: { type: 'string', default: '7007' },
        'app-port': { type: 'string', default: '3000' },
        config: { type: 'string', multiple: true, default: [] },
        token: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(usage);
      process.exit(0);
    }
    const portOf = name => {
      const port = Number(values[name]);
      if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
      throw new Error(`--${name} is no port: ${values[name]}`);
    };
    return {
      port: portOf('port'),
      appPort: portOf('app-port'),
      configs: values.config,
      wantsToken: values.token,
    };
  } catch (error) {
    process.stderr.write(`${error.message}\n${usage}`);
    process.exit(2);
  }
}
