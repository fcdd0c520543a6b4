"""`python -m dvc_cli`: the same as the executable `dvc-cli`."""

from dvc_cli.main import run

if __name__ == "__main__":
    run()
