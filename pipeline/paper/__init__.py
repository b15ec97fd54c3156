"""The paper journal that is counted, and the week printed for families."""
