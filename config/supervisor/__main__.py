import sys

from config.supervisor.up import main

sys.exit(main())
