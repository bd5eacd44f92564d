test('slow', () => new Promise<void>(done => { setTimeout(done, 6000); }));
