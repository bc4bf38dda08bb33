"""`python -m eventer` is the same as `eventer`."""

from eventer.cli.main import main

if __name__ == "__main__":
    main()
